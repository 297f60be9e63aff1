package io.ruido.gateway.page;

import io.ruido.gateway.http.Reply;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.webjars.WebJarVersionLocator;

/**
 * Serves the files in {@code page/} under {@code /} from memory. Browsers revalidate their copies with every request.
 * {@code /docs} shows the contract with Swagger UI.
 */
public final class Page {
    private static final String FOLDER = "io/ruido/gateway/page";
    private static final List<String> RENDERER = List.of("swagger-ui.css", "swagger-ui-bundle.js");
    private static final String CONTENT_SECURITY_POLICY = String.join(
            "; ",
            "default-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'");

    private Page() {}

    /** @param access handler that lets requests through */
    public static void mount(Router router, Handler<RoutingContext> access) {
        try {
            mountRenderer(router, access);
            Path classes = Path.of(Page.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (Files.isDirectory(classes)) {
                mount(router, access, classes.resolve(FOLDER));
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(classes)) {
                    mount(router, access, jar.getPath(FOLDER));
                }
            }
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("cannot read the page from the class path", e);
        }
    }

    /** The files of Swagger UI that {@code docs/index.html} loads. */
    private static void mountRenderer(Router router, Handler<RoutingContext> access) throws IOException {
        WebJarVersionLocator jars = new WebJarVersionLocator();
        for (String file : RENDERER) {
            String path = "/" + jars.fullPath("swagger-ui", file);
            try (InputStream in = Page.class.getResourceAsStream(path)) {
                serve(router, access, "/docs/" + file, handler(type(file), in.readAllBytes()));
            }
        }
    }

    private static void mount(Router router, Handler<RoutingContext> access, Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString();
                Handler<RoutingContext> handler = handler(type(name), Files.readAllBytes(file));
                serve(router, access, "/" + name, handler);
                if (name.endsWith("index.html")) {
                    serve(router, access, "/" + name.replaceFirst("/?index.html$", ""), handler);
                }
            }
        }
    }

    private static void serve(
            Router router, Handler<RoutingContext> access, String path, Handler<RoutingContext> handler) {
        router.route(path)
                .method(HttpMethod.GET)
                .method(HttpMethod.HEAD)
                .handler(access)
                .handler(handler);
    }

    private static Handler<RoutingContext> handler(String type, byte[] content) {
        String tag = '"' + DigestUtils.sha256Hex(content).substring(0, 16) + '"';
        Buffer body = Buffer.buffer(content);
        return ctx -> {
            HttpServerResponse response = ctx.response()
                    .putHeader(HttpHeaders.ETAG, tag)
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                    .putHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY)
                    .putHeader("Referrer-Policy", "no-referrer");
            if (tag.equals(ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
                response.setStatusCode(304).end();
            } else {
                response.putHeader(HttpHeaders.CONTENT_TYPE, type);
                Reply.end(ctx.request(), body.copy());
            }
        };
    }

    private static String type(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            case "png" -> "image/png";
            case "webmanifest" -> "application/manifest+json";
            default -> "application/octet-stream";
        };
    }
}
