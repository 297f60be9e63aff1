package io.ruido.worker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.UUID;

/** Creates names of workers from the host, the process, and four random digits. */
final class WorkerId {
    private WorkerId() {}

    /** Returns a name that no other worker has. */
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
            // Some containers cannot resolve their own host name.
            return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("localhost");
        }
    }
}
