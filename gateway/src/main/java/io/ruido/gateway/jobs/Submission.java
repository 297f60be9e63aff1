package io.ruido.gateway.jobs;

import io.ruido.job.Job;
import io.ruido.progress.Terms;

/** What a client asked for, complete. */
record Submission(Job job, Terms terms) {}
