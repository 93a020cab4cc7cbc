package io.posthorn.bench.stack;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;

/**
 * Netty's QUIC: one stream, messages behind their lengths, written in pieces of 64 KiB. With {@code
 * /gso} in its name over epoll, with runs of datagrams that the kernel splits and joins.
 */
final class QuicContender implements Contender {
  private static final int PIECE_BYTES = 64 << 10;
  private static final int SOCKET_BUFFER_BYTES = 4 << 20;
  private static final int RUN_BYTES = 64 << 10;
  private static final int MOST_SEGMENTS = 64;
  private static final long WINDOW_BYTES = 16L << 20;
  private static final String PROTOCOL = "bench";

  private final String name;
  private final int messageBytes;
  private final boolean pingPong;
  private final Arrivals arrivals = new Arrivals();
  private final Semaphore returned = new Semaphore(0);
  private final boolean segmented;
  private final int packet;
  private final MultiThreadIoEventLoopGroup loops;
  private final QuicStreamChannel stream;
  private final byte[] message;
  private ByteBuf piece;
  private long partial;

  private final class Receiver extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object read) {
      ByteBuf bytes = (ByteBuf) read;
      partial += bytes.readableBytes();
      while (partial >= Integer.BYTES + messageBytes) {
        partial -= Integer.BYTES + messageBytes;
        arrivals.add(1);
      }
      if (pingPong) {
        context.writeAndFlush(bytes);
      } else {
        bytes.release();
      }
    }

    @Override
    public boolean isSharable() {
      return true;
    }
  }

  private final class Sender extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object read) {
      ((ByteBuf) read).release();
      returned.release();
    }
  }

  QuicContender(
      String name, KeyManagerFactory keys, int packetBytes, int messageBytes, boolean pingPong)
      throws IOException {
    this.name = name;
    this.messageBytes = messageBytes;
    this.pingPong = pingPong;
    this.message = new byte[messageBytes];
    segmented = name.contains("/gso");
    packet = packetBytes == 0 ? 8_192 : packetBytes;
    loops =
        new MultiThreadIoEventLoopGroup(
            2, segmented ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    QuicSslContext serverTls =
        QuicSslContextBuilder.forServer(keys, SelfSigned.password())
            .applicationProtocols(PROTOCOL)
            .build();
    QuicSslContext clientTls =
        QuicSslContextBuilder.forClient()
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .applicationProtocols(PROTOCOL)
            .build();
    try {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      Channel server =
          socket()
              .handler(
                  new QuicServerCodecBuilder()
                      .sslContext(serverTls)
                      .maxIdleTimeout(60, TimeUnit.SECONDS)
                      .maxSendUdpPayloadSize(packet)
                      .maxRecvUdpPayloadSize(packet)
                      .initialMaxData(WINDOW_BYTES)
                      .initialMaxStreamDataBidirectionalLocal(WINDOW_BYTES)
                      .initialMaxStreamDataBidirectionalRemote(WINDOW_BYTES)
                      .initialMaxStreamsBidirectional(4)
                      .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                      .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, runs())
                      .handler(
                          new ChannelInboundHandlerAdapter() {
                            @Override
                            public boolean isSharable() {
                              return true;
                            }
                          })
                      .streamHandler(new Receiver())
                      .build())
              .bind(any)
              .sync()
              .channel();
      Channel client =
          socket()
              .handler(
                  new QuicClientCodecBuilder()
                      .sslContext(clientTls)
                      .maxIdleTimeout(60, TimeUnit.SECONDS)
                      .maxSendUdpPayloadSize(packet)
                      .maxRecvUdpPayloadSize(packet)
                      .initialMaxData(WINDOW_BYTES)
                      .initialMaxStreamDataBidirectionalLocal(WINDOW_BYTES)
                      .initialMaxStreamDataBidirectionalRemote(WINDOW_BYTES)
                      .build())
              .bind(any)
              .sync()
              .channel();
      QuicChannel connection =
          QuicChannel.newBootstrap(client)
              .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, runs())
              .streamHandler(new ChannelInboundHandlerAdapter())
              .remoteAddress(server.localAddress())
              .connect()
              .get();
      stream = connection.createStream(QuicStreamType.BIDIRECTIONAL, new Sender()).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while connecting", e);
    } catch (ExecutionException e) {
      throw new IOException("no QUIC connection: " + e.getCause(), e);
    }
    piece = stream.alloc().directBuffer(PIECE_BYTES + Integer.BYTES + messageBytes);
  }

  private Bootstrap socket() {
    Bootstrap socket =
        new Bootstrap()
            .group(loops)
            .channel(segmented ? EpollDatagramChannel.class : NioDatagramChannel.class)
            .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new FixedRecvByteBufAllocator(segmented ? RUN_BYTES : packet));
    return segmented ? socket.option(EpollChannelOption.UDP_GRO, true) : socket;
  }

  private SegmentedDatagramPacketAllocator runs() {
    return segmented
        ? EpollQuicUtils.newSegmentedAllocator(Math.min(MOST_SEGMENTS, RUN_BYTES / packet))
        : SegmentedDatagramPacketAllocator.NONE;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() {
    piece.writeInt(messageBytes).writeBytes(message);
    if (piece.readableBytes() >= PIECE_BYTES) {
      flush();
    }
  }

  @Override
  public void flush() {
    if (!piece.isReadable()) {
      return;
    }
    while (!stream.isWritable()) {
      Thread.yield();
    }
    stream.writeAndFlush(piece);
    piece = stream.alloc().directBuffer(PIECE_BYTES + Integer.BYTES + messageBytes);
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public void roundTrip() {
    send();
    flush();
    returned.acquireUninterruptibly();
  }

  @Override
  public void close() {
    stream.close();
    piece.release();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
