package io.ruido.standalone;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress bars on the terminal. */
public final class Bars {
    private static final int REFRESH_MILLIS = 100;
    private static final int WIDTH = 79;

    private Bars() {}

    public static ProgressBar of(String name, long max) {
        return new ProgressBarBuilder()
                .setTaskName(name)
                .setInitialMax(max)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .hideEta()
                // A fixed width, because reading the terminal's width would keep Ctrl-C from the shutdown hooks.
                .setConsumer(new ConsoleProgressBarConsumer(System.err, WIDTH))
                .build();
    }
}
