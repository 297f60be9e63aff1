package io.ruido.standalone;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import com.microsoft.playwright.options.ReducedMotion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page as a person uses it: in a real browser, on all of Ruido in this process. */
class PageTest {
    private static final double TIMEOUT_MILLIS = 180_000;
    private static final int STEPS = 25;
    private static final int FOREVER = 900;
    private static final int PHONE = 320;

    /** Closes the page's first WebSocket after step 10 and its second one after step 20. */
    private static final String BREAK_CONNECTIONS = """
        const sockets = [];
        window.WebSocket = class extends WebSocket {
          constructor(url) {
            super(url);
            const last = 10 * sockets.push(this);
            this.addEventListener('message', ({ data }) => JSON.parse(data).step === last && this.close());
          }
        };
        Object.assign(window, { sockets });\
        """;

    /** Keeps what the newest card says of its job, but for lost connections, in {@code shown}. */
    private static final String RECORD_STATUS = """
        Object.assign(window, { shown: [], lost: false });
        new MutationObserver(() => {
          const words = document.querySelector('.card .status').textContent;
          if (words.startsWith('Connection lost')) {
            lost = true;
          } else if (words !== shown.at(-1)) {
            shown.push(words);
          }
        }).observe(document.getElementById('gallery'), { subtree: true, childList: true });\
        """;

    /** Contrast as WCAG 2.2 measures it: 4.5 for words, 3 for large ones. */
    private static final String CONTRAST = """
        const channels = (color) => color.match(/[\\d.]+/g).map(Number);
        const ground = (element) => {
          const color = channels(getComputedStyle(element).backgroundColor);
          return color[3] === 0 && element.parentElement ? ground(element.parentElement) : color;
        };
        const luminance = (color) => {
          const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (element) => {
          const [one, other] = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
          return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        };
        const faint = () => [...document.querySelectorAll('body *')]
          .filter((element) => element.checkVisibility())
          .filter(({ childNodes }) => [...childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
          .filter((element) => contrast(element) < (parseFloat(getComputedStyle(element).fontSize) < 24 ? 4.5 : 3))
          .map((element) => `${element.outerHTML}: ${contrast(element)}`);
        """;

    @TempDir
    static Path folder;

    private static BrowsedRuido ruido;

    private final List<String> complaints = new ArrayList<>();
    private BrowserContext context;

    @BeforeAll
    static void start() throws Exception {
        TinyModel.install(folder.resolve("models"));
        // With the slower engine a long job still runs when its button is clicked.
        ruido = BrowsedRuido.startOrSkip(
                folder,
                TIMEOUT_MILLIS,
                Map.of("ruido.jobs.max-steps", String.valueOf(FOREVER), "ruido.worker.engine", "eager"));
    }

    @AfterAll
    static void stop() {
        if (ruido != null) {
            ruido.close();
        }
    }

    @AfterEach
    void nothingWentWrongInTheBrowser() {
        if (context != null) {
            context.close();
        }
        assertThat(complaints).isEmpty();
    }

    @Test
    void aPromptBecomesAPictureWithItsParametersAndItsSeedGivesTheSameBytesAgain() {
        Page page = open(page(new Browser.NewContextOptions()));
        page.evaluate(RECORD_STATUS);
        page.getByLabel("Seed", exact()).fill("7");
        submit(page, "a red apple", STEPS);

        Locator card = card(page, "a red apple");
        assertThat(card.locator(".tile.ready")).isVisible();
        assertThat(steps(page)).contains("Step 1 of " + STEPS, "Step " + STEPS + " of " + STEPS);
        assertThat(card.locator(".preview")).hasAttribute("src", Pattern.compile("data:image/png;base64,.+"));
        assertThat(card.locator(".params")).containsText(Pattern.compile(STEPS + ".steps · guidance.7.5 · seed.7$"));

        String first = card.locator(".picture").getAttribute("src");
        card.getByRole(AriaRole.BUTTON).first().click();
        Locator detail = page.getByRole(AriaRole.DIALOG);
        assertThat(detail.locator("dl")).containsText("Seed7");
        detail.getByText("Again with this seed").click();
        assertThat(detail).isHidden();
        assertThat(card.locator(".tile.ready")).hasCount(2);
        String again = card.first().locator(".picture").getAttribute("src");
        assertThat(again).isNotEqualTo(first);
        assertThat(bytes(page, again)).isEqualTo(bytes(page, first)).startsWith(0x89, 'P', 'N', 'G');
    }

    @Test
    void theContractIsShownAndItsCallsCanBeTried() {
        Page page = page(new Browser.NewContextOptions());
        page.navigate("/docs");

        Locator call = page.locator("#operations-catalog-listSamplers");
        call.locator(".opblock-summary-control").click();
        call.locator(".try-out__btn").click();
        call.locator(".execute").click();

        assertThat(call.locator(".live-responses-table")).containsText("\"dpm++-2m-karras\"");
    }

    @Test
    void aDroppedConnectionIsTakenUpAgainAndShowsEachStepOnceAndTheEnd() {
        Page page = page(new Browser.NewContextOptions());
        page.addInitScript(BREAK_CONNECTIONS);
        open(page);
        page.evaluate(RECORD_STATUS);
        submit(page, "a broken line", STEPS);

        assertThat(card(page, "a broken line").locator(".tile.ready")).isVisible();
        assertThat(page.evaluate("lost")).isEqualTo(true);
        assertThat((List<?>) page.evaluate("sockets.map(({ url }) => Number(url.split('after=')[1]))"))
                .hasSize(3)
                .doesNotHaveDuplicates();
        assertThat(steps(page))
                .isEqualTo(IntStream.rangeClosed(0, STEPS)
                        .mapToObj(step -> "Step " + step + " of " + STEPS)
                        .toList());
    }

    @Test
    void cancellingEndsARunningJobAndOffersToTryAgain() {
        Page page = open(page(new Browser.NewContextOptions()));
        page.getByLabel("4", exact()).check();
        submit(page, "a snail", FOREVER);
        Locator card = card(page, "a snail");
        assertThat(card.locator(".status")).hasText(Pattern.compile("Step [1-9]\\d* of " + FOREVER + ".*"));
        cancel(card);

        assertThat(card.locator(".status")).hasText("Cancelled");
        assertThat(button(card, "Cancel")).isHidden();
        assertThat(button(card, "Try again")).isVisible();
        page.reload();
        assertThat(card.locator(".status")).hasText("Cancelled");
    }

    @Test
    void aWrongValueIsExplainedBesideItsFieldUntilItIsMended() {
        Page page = open(page(new Browser.NewContextOptions()));
        page.getByLabel("Seed", exact()).fill("seven");
        submit(page, "a mistake", 0);

        Locator steps = page.getByLabel("Steps");
        assertThat(steps).hasAttribute("aria-invalid", "true");
        assertThat(steps).hasAccessibleDescription("must be at least 1");
        assertThat(steps).isFocused();
        assertThat(page.getByLabel("Seed", exact())).hasAccessibleDescription("must be a whole number");
        steps.fill("2");
        assertThat(steps).not().hasAttribute("aria-invalid", "true");
        assertThat(page.locator(".error")).hasCount(1);
        assertThat(card(page, "a mistake")).hasCount(0);
    }

    @Test
    void everythingCanBeDoneWithTheKeyboard() {
        Page page = open(page(new Browser.NewContextOptions()));
        press(page, "ArrowLeft", "Home");
        page.keyboard().type("two keys");
        press(page, "Tab", "ArrowRight", "Enter");

        Locator card = card(page, "two keys");
        assertThat(card.locator(".tile.ready")).hasCount(2);
        Locator picture = card.getByRole(AriaRole.BUTTON).first();
        tabTo(page, picture);
        press(page, "Enter", "ArrowRight");
        Locator detail = page.getByRole(AriaRole.DIALOG);
        assertThat(detail.locator("dl")).containsText("2 of 2");
        press(page, "Escape");
        assertThat(detail).isHidden();
        assertThat(picture).isFocused();
        tabTo(page, button(card, "Edit"));
        press(page, "Enter");
        assertThat(page.getByLabel("What should appear?")).isFocused();
    }

    @Test
    void aPictureIsTakenUpAgainAndChangedWhereItIsPainted() {
        Page page = open(page(new Browser.NewContextOptions()));
        submit(page, "a green leaf", 3);
        Locator detail = page.getByRole(AriaRole.DIALOG);
        card(page, "a green leaf").getByRole(AriaRole.BUTTON).first().click();
        detail.getByText("Start from this image").click();
        Locator source = page.locator("#source");
        assertThat(source).isVisible();
        source.locator("canvas").click();
        page.getByLabel("Strength", exact()).fill("0.5");
        submit(page, "a brown leaf", 4);

        Locator card = card(page, "a brown leaf");
        assertThat(card.locator(".tile.ready")).isVisible();
        card.getByRole(AriaRole.BUTTON).first().click();
        assertThat(detail.locator("dl")).containsText("Changed0.5, where painted");
        detail.getByText("Again with this seed").click();
        assertThat(card.locator(".tile.ready")).hasCount(2);
        button(source, "Remove").click();
        submit(page, "a leaf of noise", 4);
        card(page, "a leaf of noise").getByRole(AriaRole.BUTTON).first().click();
        assertThat(detail.locator("dl")).not().containsText("Changed");
    }

    @Test
    void whatIsNoPictureIsToldSo() {
        Page page = open(page(new Browser.NewContextOptions()));
        page.locator("#file").setInputFiles(new FilePayload("leaf.png", "image/png", new byte[] {1, 2, 3}));

        assertThat(page.getByRole(AriaRole.ALERT)).hasText("This browser cannot read the file as an image.");
        assertThat(page.locator("#source")).isHidden();
    }

    @Test
    void nothingIsWiderThanAPhone() {
        Page page = open(page(new Browser.NewContextOptions()
                .setViewportSize(PHONE, 640)
                .setIsMobile(true)
                .setHasTouch(true)));
        page.locator("summary").tap();
        page.getByLabel("4", exact()).check();
        assertThat(width(page)).isEqualTo(PHONE);
        submit(page, "a word as long as " + "o".repeat(90), 3);
        Locator card = card(page, "a word as long as");
        assertThat(card.locator(".tile.ready")).hasCount(4);
        assertThat(width(page)).isEqualTo(PHONE);
        card.getByRole(AriaRole.BUTTON).first().tap();
        assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();
        assertThat(width(page)).isEqualTo(PHONE);
        openOperations(page);
        assertThat(width(page)).isEqualTo(PHONE);
    }

    @Test
    void operationsAreShownLive() {
        Page page = open(page(new Browser.NewContextOptions()));
        page.getByText("Operations").click();
        Locator worker = page.locator(".worker");
        assertThat(worker.locator(".params")).hasText("cpu · tiny");
        assertThat(worker.locator(".places span")).hasCount(16);
        assertThat(page.locator("#models tr")).containsText(new String[] {"interactive", "batch"});

        Page other = open(context.newPage());
        submit(other, "a long one", FOREVER);
        assertThat(page.locator("#running")).not().hasText("0");
        assertThat(worker.locator(".taken").first()).isVisible();
        assertThat(worker.locator(".speed")).not().hasText("0");
        cancel(card(other, "a long one"));
        assertThat(page.locator("#legend .cancelled")).containsText(Pattern.compile("[1-9]\\d* cancelled"));
        assertThat(page.locator("#minutes .cancelled").last()).not().hasAttribute("height", "0");
    }

    @ParameterizedTest
    @EnumSource(
            value = ColorScheme.class,
            names = {"LIGHT", "DARK"})
    void allWordsStandOutFromTheirGround(ColorScheme scheme) {
        Page page = open(page(new Browser.NewContextOptions().setColorScheme(scheme)));
        submit(page, "ink on paper, " + scheme, 3);
        Locator card = card(page, "ink on paper, " + scheme);
        assertThat(card.locator(".tile.ready")).isVisible();
        card.getByRole(AriaRole.BUTTON).first().click();
        assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();

        assertThat((double) page.evaluate(CONTRAST + "luminance(ground(document.documentElement))"))
                .isBetween(scheme == ColorScheme.DARK ? 0.0 : 0.7, scheme == ColorScheme.DARK ? 0.1 : 1.0);
        assertThat((List<?>) page.evaluate(CONTRAST + "faint()")).isEmpty();
        openOperations(page);
        assertThat((List<?>) page.evaluate(CONTRAST + "faint()")).isEmpty();
    }

    private static void openOperations(Page page) {
        page.navigate("/operations.html");
        assertThat(page.locator(".worker")).hasCount(1);
    }

    private Page page(Browser.NewContextOptions options) {
        // Without a graphics card, drawing what moves takes much of a small machine.
        context = ruido.newContext(options.setReducedMotion(ReducedMotion.REDUCE));
        Page page = context.newPage();
        page.onPageError(complaints::add);
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") && !message.text().startsWith("Failed to load resource")) {
                complaints.add(message.text());
            }
        });
        return page;
    }

    private static Page open(Page page) {
        page.navigate("/");
        assertThat(page.getByLabel("Model")).hasValue("tiny");
        return page;
    }

    private static void submit(Page page, String prompt, int steps) {
        page.getByLabel("Steps").fill(String.valueOf(steps));
        page.getByLabel("What should appear?").fill(prompt);
        page.getByText("Generate").click();
    }

    /** At once: a click waits until nothing moves, and the job may have ended by then. */
    private static void cancel(Locator card) {
        button(card, "Cancel").dispatchEvent("click");
    }

    private static void press(Page page, String... keys) {
        for (String key : keys) {
            page.keyboard().press(key);
        }
    }

    private static void tabTo(Page page, Locator goal) {
        for (int tabs = 0; tabs < 60 && !(boolean) goal.evaluate("goal => goal === document.activeElement"); tabs++) {
            page.keyboard().press("Tab");
        }
        assertThat(goal).isFocused();
    }

    private static Locator card(Page page, String prompt) {
        return page.locator(".card", new Page.LocatorOptions().setHasText(prompt));
    }

    private static Locator button(Locator card, String name) {
        return card.getByRole(
                AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
    }

    private static List<String> steps(Page page) {
        List<?> shown = (List<?>) page.evaluate("shown.filter((words) => words.startsWith('Step'))");
        return shown.stream().map(String.class::cast).toList();
    }

    private static int width(Page page) {
        return (int) page.evaluate("document.documentElement.scrollWidth");
    }

    private static byte[] bytes(Page page, String url) {
        return page.request().get(url).body();
    }

    private static Page.GetByLabelOptions exact() {
        return new Page.GetByLabelOptions().setExact(true);
    }
}
