package io.ruido.standalone;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page with a model of clips. */
class ClipPageTest {
    private static final double TIMEOUT_MILLIS = 60_000;

    @TempDir
    static Path folder;

    private static BrowsedRuido ruido;

    @BeforeAll
    static void start() throws Exception {
        TinyModel.installClips(folder.resolve("models"));
        ruido = BrowsedRuido.startOrSkip(folder, TIMEOUT_MILLIS, Map.of());
    }

    @AfterAll
    static void stop() {
        if (ruido != null) {
            ruido.close();
        }
    }

    @Test
    void aClipPlaysInTheGalleryInTheShapeAndForTheTimeThatWasAskedFor() {
        List<String> complaints = new ArrayList<>();
        try (BrowserContext context = ruido.newContext(new Browser.NewContextOptions())) {
            Page page = context.newPage();
            page.onPageError(complaints::add);
            page.navigate("/");
            assertThat(page.getByLabel("Model")).hasValue(TinyModel.CLIPS);
            assertThat(page.getByLabel("Seconds")).hasValue("1");

            page.getByLabel("Seconds").fill("0.5");
            page.getByLabel("Shape").selectOption("wide, 2:1");
            page.getByLabel("Steps").fill("3");
            page.getByLabel("What should appear?").fill("a ball that rolls");
            page.getByText("Generate").click();

            Locator card = page.locator(".card", new Page.LocatorOptions().setHasText("a ball that rolls"));
            assertThat(card.locator(".tile.ready")).isVisible();
            assertThat(card.locator(".preview")).hasAttribute("src", Pattern.compile("data:image/webp;base64,.+"));
            Locator video = card.locator("video");
            assertThat(video).hasAttribute("poster", Pattern.compile("/images/0\\?variant=thumbnail$"));
            assertThat((boolean) video.evaluate("v => v.muted && v.loop && v.autoplay"))
                    .isTrue();
            page.waitForFunction("() => document.querySelector('video').currentTime > 0");
            assertThat(((Number) video.evaluate("v => v.duration")).doubleValue())
                    .isBetween(0.5, 0.7); // 5 frames at 8 a second
            assertThat((boolean) video.evaluate("v => v.videoWidth === 2 * v.videoHeight"))
                    .isTrue();
            assertThat(page.request()
                            .get((String) video.evaluate("v => v.poster"))
                            .status())
                    .isEqualTo(200);

            card.getByRole(AriaRole.BUTTON).first().click();
            assertThat(page.getByRole(AriaRole.DIALOG).locator("dl")).containsText("Frames5");
            page.getByRole(AriaRole.DIALOG).getByText("Again with this seed").click();
            assertThat(card.locator(".tile.ready")).hasCount(2);
        }
        assertThat(complaints).isEmpty();
    }
}
