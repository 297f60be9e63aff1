package io.ruido.gateway.jobs;

import io.ruido.job.Job;
import io.ruido.redis.SubmitOptions;

/** A complete job, and the options with which it is submitted. */
record Submission(Job job, SubmitOptions options) {}
