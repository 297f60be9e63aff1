package io.ruido.standalone;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.apache.commons.codec.digest.DigestUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        description = "Creates an API key. Prints the key for the client, and the line for the file that"
                + " ruido.gateway.api-keys names, which contains only the key's hash.")
final class KeyCommand implements Callable<Integer> {
    private static final int BYTES = 32;

    @Parameters(paramLabel = "NAME", description = "Name of the key.")
    private String name;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "Tenant whose jobs the key submits and sees.")
    private String tenant = "default";

    @Option(names = "--admin", description = "The key sees the jobs of all tenants, and the metrics.")
    private boolean admin;

    @Override
    public Integer call() {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        String key = "ruido-" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        System.err.println("API key (it is not shown again):");
        System.out.println(key);
        System.err.println("Line for the file of API keys:");
        System.out.printf(
                "- {name: %s, tenant: %s, admin: %s, sha256: \"%s\"}%n",
                name, tenant, admin, DigestUtils.sha256Hex(key));
        return 0;
    }
}
