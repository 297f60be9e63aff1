package io.ruido.standalone.train;

import io.ruido.train.data.Emoji;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "emoji",
        mixinStandardHelpOptions = true,
        description =
                "Makes a folder of emoji with their labels and keywords, of the tarballs that \"npm pack"
                        + " @lobehub/fluent-emoji-3d@1.1.0 emojibase-data@17 emojilib@4\" writes. Skin-tone variants are left out.")
final class EmojiCommand implements Callable<Integer> {
    @Option(names = "--pictures", required = true, paramLabel = "TGZ", description = "Of @lobehub/fluent-emoji-3d.")
    private Path pictures;

    @Option(names = "--labels", required = true, paramLabel = "TGZ", description = "Of emojibase-data.")
    private Path labels;

    @Option(names = "--keywords", required = true, paramLabel = "TGZ", description = "Of emojilib.")
    private Path keywords;

    @Option(
            names = "--size",
            defaultValue = "128",
            paramLabel = "PIXELS",
            description = "Side of the pictures (${DEFAULT-VALUE}).")
    private int size;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "For PNG files on white and metadata.jsonl, as Hugging Face's imagefolder has them.")
    private Path out;

    @Override
    public Integer call() throws Exception {
        int written = Emoji.prepare(new Emoji.Sources(pictures, labels, keywords), size, out);
        System.out.println(written + " pictures with captions in " + out);
        return 0;
    }
}
