package io.ruido.standalone;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ReducedMotion;
import io.ruido.job.JobJson;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Texts of other clients on the page, in a real browser under the page's Content-Security-Policy. */
@Timeout(300)
class HostilePageTest {
    private static final double TIMEOUT_MILLIS = 60_000;

    /** Each would call the server for {@code /pwned}, or set the title. */
    private static final List<String> PROMPTS = List.of(
            "<script>document.title='pwned'</script>",
            "<img src=/pwned onerror=\"document.title='pwned'\">",
            "\"><svg onload=document.title='pwned'>",
            "'-document.title='pwned'-'",
            "javascript:document.title='pwned'",
            "</textarea></title><iframe src=/pwned srcdoc='<script>parent.document.title=1</script>'></iframe>",
            "{{constructor.constructor('document.title=1')()}} ${document.title=1}",
            "<style>@import '/pwned'; * { background: url(/pwned) }</style><link rel=stylesheet href=/pwned>",
            "<base href=https://evil.example/><meta http-equiv=refresh content='0; url=/pwned'>",
            "\u202egnp.elppa\u2028\u0000\u001b[31m \ud83c\udf4e \ufeff");

    @TempDir
    static Path folder;

    private static BrowsedRuido ruido;

    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final List<String> requested = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        TinyModel.install(folder.resolve("models"));
        ruido = BrowsedRuido.startOrSkip(folder, TIMEOUT_MILLIS, Map.of());
    }

    @AfterAll
    static void stop() {
        if (ruido != null) {
            ruido.close();
        }
    }

    @Test
    void whatClientsWriteIsShownAsTextAndRunsNothing() throws Exception {
        try (BrowserContext context =
                ruido.newContext(new Browser.NewContextOptions().setReducedMotion(ReducedMotion.REDUCE))) {
            Page page = context.newPage();
            listen(page);
            for (String prompt : PROMPTS) {
                submit(prompt);
            }

            page.navigate("/");
            page.getByLabel("What should appear?").fill(PROMPTS.get(1));
            page.getByText("Generate").click();

            for (String prompt : PROMPTS) {
                String start = prompt.substring(0, Math.min(20, prompt.length()));
                if (prompt.startsWith("<") || prompt.startsWith("\"")) {
                    Locator card = page.locator(".card", new Page.LocatorOptions().setHasText(start))
                            .first();
                    assertThat(card).isVisible();
                    assertThat(card.locator("script, iframe, style, link, base, meta, [onerror], [onload]"))
                            .hasCount(0);
                }
            }
            Locator card = page.locator(".card", new Page.LocatorOptions().setHasText(PROMPTS.get(1)))
                    .first();
            assertThat(card.locator(".tile.ready").first()).isVisible();
            card.getByRole(AriaRole.BUTTON).first().click();
            assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();
            page.navigate("/operations.html");
            assertThat(page.locator(".worker")).hasCount(1);
            assertThat(page.title()).doesNotContain("pwned");
        }
        assertThat(complaints).isEmpty();
        assertThat(requested).noneMatch(url -> url.contains("pwned") || url.contains("evil.example"));
    }

    /** The policy is what remains where the page itself has a fault. */
    @Test
    void thePolicyStopsScriptsThatGotOntoThePage() {
        try (BrowserContext context = ruido.newContext(new Browser.NewContextOptions())) {
            Page page = context.newPage();
            List<String> violations = new CopyOnWriteArrayList<>();
            page.onConsoleMessage(message -> violations.add(message.text()));
            page.navigate("/");

            page.evaluate("""
                () => {
                  const holder = document.createElement('div');
                  holder.innerHTML = '<img src="/no-such.png" onerror="window.pwned = 1">';
                  document.body.append(holder);
                  const script = document.createElement('script');
                  script.textContent = 'window.pwned = 2';
                  document.body.append(script);
                  const other = document.createElement('script');
                  other.src = 'https://evil.example/x.js';
                  document.body.append(other);
                }""");
            page.waitForTimeout(1_000);

            assertThat(page.evaluate("() => window.pwned ?? 'nothing ran'")).isEqualTo("nothing ran");
            assertThat(violations)
                    .filteredOn(text -> text.contains("Content Security Policy"))
                    .hasSizeGreaterThanOrEqualTo(3);
        }
    }

    private void listen(Page page) {
        page.onPageError(complaints::add);
        page.onDialog(dialog -> complaints.add(dialog.message()));
        page.onRequest(request -> requested.add(request.url()));
        page.onConsoleMessage(message -> {
            if (message.text().contains("Content Security Policy")) {
                complaints.add(message.text());
            }
        });
    }

    private static void submit(String prompt) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(ruido.address().resolve("/v1/jobs"))
                            .timeout(Duration.ofMinutes(1))
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString(JobJson.write(Map.of("prompt", prompt, "steps", 2))))
                            .build(),
                    BodyHandlers.ofString());
            JsonNode job = JobJson.MAPPER.readTree(answer.body());
            assertThat(answer.statusCode()).as(job.toString()).isEqualTo(202);
        }
    }
}
