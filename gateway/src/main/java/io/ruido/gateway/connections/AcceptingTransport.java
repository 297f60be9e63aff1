package io.ruido.gateway.connections;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vertx.core.impl.transports.NioTransport;
import java.util.List;

/**
 * Vert.x's transport, with connections that are counted when they are accepted. Vert.x itself tells of a connection only
 * after the TLS handshake, or, where it could become HTTP/2, after the first request.
 */
final class AcceptingTransport extends NioTransport {
    private final IdleConnections connections;

    AcceptingTransport(IdleConnections connections) {
        this.connections = connections;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
        return domainSocket ? super.serverChannelFactory(true) : CountedServerSocket::new;
    }

    private final class CountedServerSocket extends NioServerSocketChannel {
        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            int count = super.doReadMessages(accepted);
            if (count <= 0) {
                return count;
            }
            Channel channel = (Channel) accepted.getLast();
            if (channel.remoteAddress() == null || !connections.accept(channel)) {
                accepted.removeLast();
                channel.unsafe().closeForcibly();
                return 0;
            }
            // Called when the connection has its event loop.
            channel.pipeline().addFirst(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel registered) {
                    connections.registered(registered);
                }
            });
            return count;
        }
    }
}
