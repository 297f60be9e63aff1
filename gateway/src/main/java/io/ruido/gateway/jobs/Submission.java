package io.ruido.gateway.jobs;

import io.ruido.job.Job;
import io.ruido.redis.SubmitOptions;

/** What a client asked for, complete. */
record Submission(Job job, SubmitOptions terms) {}
