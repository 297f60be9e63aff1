package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.process.Foreground;
import io.ruido.process.Startup;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** Runs one part of Ruido until a signal ends the process. */
abstract class ServiceCommand implements Callable<Integer> {
    @Mixin
    private SettingsOption settings;

    /** Starts the part, and returns a resource whose close stops it. */
    abstract AutoCloseable start(RuidoConfig config) throws Exception;

    @Override
    public final Integer call() throws Exception {
        RuidoConfig config = settings.read().load();
        Startup.prepare(config);
        Foreground.run(start(config));
        return 0;
    }
}
