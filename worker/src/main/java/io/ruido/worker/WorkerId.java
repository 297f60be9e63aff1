package io.ruido.worker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.UUID;

/** Names of workers: the host, the process, and four random digits. */
final class WorkerId {
    private WorkerId() {}

    /** A name that no other worker has. */
    static String create() {
        return "%s-%d-%s"
                .formatted(
                        host(),
                        ProcessHandle.current().pid(),
                        UUID.randomUUID().toString().substring(0, 4));
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            // Some containers are not in their own hosts file.
            return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("localhost");
        }
    }
}
