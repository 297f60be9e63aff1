package io.ruido.gateway;

import io.ruido.config.RuidoConfig.GatewayConfig;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;

/** The options for HTTPS, if a certificate is configured. */
public final class Tls {
    private Tls() {}

    /** @throws IllegalArgumentException when only one of certificate and key is configured */
    static HttpServerOptions options(GatewayConfig config) {
        HttpServerOptions options = new HttpServerOptions();
        if (config.tlsCertificate().isPresent() != config.tlsKey().isPresent()) {
            throw new IllegalArgumentException(
                    "ruido.gateway.tls-certificate and ruido.gateway.tls-key must be set together");
        }
        if (config.tlsKey().isPresent()) {
            options.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .setCertPath(config.tlsCertificate().get().toString())
                            .setKeyPath(config.tlsKey().get().toString()));
        }
        return options;
    }

    /** Returns the scheme of the gateway's address. */
    public static String scheme(GatewayConfig config) {
        return config.tlsKey().isPresent() ? "https" : "http";
    }
}
