package io.ruido.standalone.train;

import io.ruido.train.data.Emoji;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "emoji",
        mixinStandardHelpOptions = true,
        description = "Makes a training folder of emoji with labels and keywords from the tarballs that \"npm pack"
                + " @lobehub/fluent-emoji-3d@1.1.0 emojibase-data@17 emojilib@4\" writes, without skin-tone"
                + " variants.")
final class EmojiCommand implements Callable<Integer> {
    @Option(
            names = "--pictures",
            required = true,
            paramLabel = "TGZ",
            description = "Package @lobehub/fluent-emoji-3d.")
    private Path images;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description =
                    "Folder for PNG files on white and metadata.jsonl, in the format of Hugging Face's imagefolder.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        int written = Emoji.prepare(new Emoji.Sources(images, data.labels, data.keywords), data.size, out);
        System.out.println(written + " images with captions in " + out);
        return 0;
    }
}
