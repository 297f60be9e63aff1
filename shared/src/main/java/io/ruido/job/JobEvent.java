package io.ruido.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/**
 * Something that happened to a job. Events of a job are numbered from 1 without a gap; the job's last event is the
 * {@link State} that is terminal.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = JobEvent.State.class, name = "state"),
    @JsonSubTypes.Type(value = JobEvent.Queue.class, name = "queue"),
    @JsonSubTypes.Type(value = JobEvent.Image.class, name = "image"),
    @JsonSubTypes.Type(value = JobEvent.Step.class, name = "step"),
    @JsonSubTypes.Type(value = JobEvent.Result.class, name = "result"),
    @JsonSubTypes.Type(value = JobEvent.Warnings.class, name = "warnings")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface JobEvent {

    long number();

    /** Redis' clock, in milliseconds since 1970. */
    long time();

    default boolean last() {
        return this instanceof State state && state.state().terminal();
    }

    /** Returns whether this event replaces an earlier one. */
    default boolean overtakes(JobEvent earlier) {
        return switch (this) {
            case Step step -> earlier instanceof Step other && other.index() == step.index();
            case Queue queue -> earlier instanceof Queue;
            case State state -> false;
            case Image image -> false;
            case Result result -> false;
            case Warnings warnings -> false;
        };
    }

    /**
     * The job as a whole changed its state.
     *
     * @param error why it failed, else null
     */
    record State(long number, long time, JobState state, String error) implements JobEvent {}

    /**
     * The position of a waiting job has changed.
     *
     * @param position among the jobs that wait for the model, from 1
     * @param eta when it will be finished, in milliseconds since 1970; null while that is not known
     */
    record Queue(long number, long time, int position, Long eta) implements JobEvent {}

    /**
     * An image changed its state.
     *
     * @param attempt 1 for the first worker that claimed it, one more for each after a fault
     */
    record Image(long number, long time, int index, JobState state, int attempt) implements JobEvent {}

    /**
     * An image advanced by a denoising step.
     *
     * @param preview data URI of a small picture of the current estimate, or null
     */
    record Step(long number, long time, int index, int step, int steps, String preview) implements JobEvent {}

    /**
     * An image is ready.
     *
     * @param key of the object in the results' bucket
     */
    record Result(long number, long time, int index, String key) implements JobEvent {}

    /**
     * The images will not be quite what was asked for.
     *
     * @param messages such as what of the prompt was cut off
     */
    record Warnings(long number, long time, List<String> messages) implements JobEvent {
        public Warnings {
            messages = List.copyOf(messages);
        }
    }
}
