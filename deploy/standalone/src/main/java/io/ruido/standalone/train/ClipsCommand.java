package io.ruido.standalone.train;

import io.ruido.train.data.EmojiClips;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "clips",
        mixinStandardHelpOptions = true,
        description = "Makes a folder of animated emoji with their labels and keywords, of the tarballs that \"npm pack"
                + " @lobehub/fluent-emoji-anim-{1,2,3,4}@1.0.0 emojibase-data@17 emojilib@4\" writes."
                + " Skin-tone variants and emoji that do not move are left out.")
final class ClipsCommand implements Callable<Integer> {
    @Option(
            names = "--clips",
            required = true,
            arity = "1..*",
            paramLabel = "TGZ",
            description = "Packages @lobehub/fluent-emoji-anim-1 to -4.")
    private List<Path> clips;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--fps",
            defaultValue = "8",
            paramLabel = "NUMBER",
            description = "Frames per second (${DEFAULT-VALUE}).")
    private double framesPerSecond;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "Folder for one PNG file per clip, with its frames from left to right, and metadata.jsonl.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        int written = EmojiClips.prepare(
                new EmojiClips.Sources(clips, data.labels, data.keywords), data.size, framesPerSecond, out);
        System.out.println(written + " clips with captions in " + out);
        return 0;
    }
}
