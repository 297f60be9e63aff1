package io.ruido.standalone;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** All of Ruido in this process, and the machine's own Chromium to look at its page. */
final class BrowsedRuido implements AutoCloseable {
    private final Chromium chromium;
    private final Standalone ruido;
    private final double timeoutMillis;

    private BrowsedRuido(Chromium chromium, Standalone ruido, double timeoutMillis) {
        this.chromium = chromium;
        this.ruido = ruido;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * Starts both, or skips the tests where there is no browser.
     *
     * @param folder has the models in {@code models}
     * @param timeoutMillis of assertions and of what a test does on a page
     */
    static BrowsedRuido startOrSkip(Path folder, double timeoutMillis, Map<String, String> more) throws Exception {
        Chromium chromium = Chromium.startOrSkip();
        PlaywrightAssertions.setDefaultAssertionTimeout(timeoutMillis);
        Map<String, String> settings = new HashMap<>(more);
        settings.put("ruido.data-dir", folder.resolve("data").toString());
        settings.put("ruido.worker.models", folder.resolve("models").toString());
        settings.put("ruido.gateway.port", "0");
        settings.put("ruido.redis.timeout", "PT20S");
        settings.put("ruido.kafka.timeout", "PT20S");
        settings.put("ruido.s3.timeout", "PT20S");
        try {
            Standalone ruido = Standalone.start(new Settings(settings, Map.of(), Optional.empty()));
            return new BrowsedRuido(chromium, ruido, timeoutMillis);
        } catch (Exception e) {
            chromium.close();
            throw e;
        }
    }

    URI address() {
        return ruido.address();
    }

    BrowserContext newContext(Browser.NewContextOptions options) {
        BrowserContext context =
                chromium.browser().newContext(options.setBaseURL(address().toString()));
        context.setDefaultTimeout(timeoutMillis);
        return context;
    }

    @Override
    public void close() {
        ruido.close();
        chromium.close();
    }
}
