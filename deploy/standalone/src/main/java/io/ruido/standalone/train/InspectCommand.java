package io.ruido.standalone.train;

import io.ruido.pipeline.FolderReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Prints the parts of a diffusers folder with their sizes, and what is not supported and why.")
public final class InspectCommand implements Callable<Integer> {
    private static final double MILLION = 1e6;

    @Parameters(paramLabel = "FOLDER", description = "Folder with a model_index.json.")
    private Path folder;

    /** @return 0 when the folder is supported, otherwise 1 */
    @Override
    public Integer call() throws Exception {
        FolderReport report = FolderReport.of(folder);
        System.out.println(report.pipeline());
        report.problem().ifPresent(problem -> System.out.println("  not supported: " + problem));
        for (FolderReport.Part part : report.parts()) {
            System.out.println(
                    part.parameters() == 0
                            ? "%-16s %s".formatted(part.name(), part.className())
                            : "%-16s %-24s %10.2f M parameters %10.2f MB %s"
                                    .formatted(
                                            part.name(),
                                            part.className(),
                                            part.parameters() / MILLION,
                                            part.bytes() / MILLION,
                                            String.join(", ", part.types())));
            part.problem().ifPresent(problem -> System.out.println("  not supported: " + problem));
            part.warnings().forEach(warning -> System.out.println("  warning: " + warning));
        }
        System.out.println(report.supported() ? "supported" : "not supported");
        return report.supported() ? 0 : 1;
    }
}
