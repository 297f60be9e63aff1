package io.ruido.gateway.webhooks;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;

/**
 * Sockets that connect to public addresses only. The address is checked when the socket connects, after the name was
 * resolved, so a name that later resolves to an internal address does not help an attacker.
 */
final class PublicSockets extends SocketFactory {

    @Override
    public Socket createSocket() {
        return new Socket() {
            @Override
            public void connect(SocketAddress endpoint, int timeout) throws IOException {
                InetAddress address = ((InetSocketAddress) endpoint).getAddress();
                if (address == null || !isPublic(address)) {
                    throw new IOException(endpoint + " is not a public address");
                }
                super.connect(endpoint, timeout);
            }
        };
    }

    static boolean isPublic(InetAddress address) {
        return !(address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()
                || reserved(address));
    }

    /** Returns whether an address is in a reserved range that {@link InetAddress} has no method for. */
    private static boolean reserved(InetAddress address) {
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xff;
        int second = bytes[1] & 0xff;
        if (address instanceof Inet6Address) {
            // Only 2000::/3 is public, of which 2002::/16 and 2001::/32 carry IPv4 addresses.
            return (first & 0xe0) != 0x20
                    || (first == 0x20 && second == 0x02)
                    || (first == 0x20 && second == 0x01 && bytes[2] == 0 && bytes[3] == 0);
        }
        return first == 0 // this network
                || first == 100 && (second & 0xc0) == 64 // carrier-grade NAT
                || first == 192 && second == 0 && bytes[2] == 0 // protocol assignments
                || first == 198 && (second & 0xfe) == 18 // benchmarks
                || first == 168 && second == 63 && bytes[2] == (byte) 129 && bytes[3] == 16 // Azure's own services
                || first == 192 && second == 88 && bytes[2] == 99 // 6to4 relays
                || first >= 240;
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw unconnected();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw unconnected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw unconnected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
        throw unconnected();
    }

    private static UnsupportedOperationException unconnected() {
        return new UnsupportedOperationException("only unconnected sockets are made here");
    }
}
