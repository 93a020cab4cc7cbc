package io.posthorn.bench.stack;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import org.jgroups.BytesMessage;
import org.jgroups.JChannel;
import org.jgroups.Message;
import org.jgroups.Receiver;
import org.jgroups.protocols.FRAG2;
import org.jgroups.protocols.TCPPING;
import org.jgroups.protocols.TransferQueueBundler;
import org.jgroups.protocols.UDP;
import org.jgroups.protocols.UFC;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;
import org.jgroups.util.MessageBatch;

/** JGroups over UDP in clear: two members, one of which sends to the other, without multicast. */
final class JGroupsContender implements Contender {
  private static final int DEFAULT_BUNDLE_BYTES = 64_000;

  private final String name;
  private final Arrivals arrivals = new Arrivals();
  private final JChannel sender;
  private final JChannel receiver;
  private final byte[] message;
  private final SynchronousQueue<Boolean> back = new SynchronousQueue<>();

  JGroupsContender(String name, int bundleBytes, int messageBytes, boolean pingPong)
      throws IOException {
    this.name = name;
    message = new byte[messageBytes];
    int bundle = bundleBytes == 0 ? DEFAULT_BUNDLE_BYTES : bundleBytes;
    int first = freePort();
    int second = freePort();
    try {
      receiver = channel(first, second, bundle);
      sender = channel(second, first, bundle);
      receiver.setReceiver(
          new Receiver() {
            @Override
            public void receive(Message in) {
              if (!pingPong) {
                arrivals.add(1);
                return;
              }
              try {
                receiver.send(answer(in));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            }

            @Override
            public void receive(MessageBatch batch) {
              if (pingPong) {
                batch.forEach(this::receive);
              } else {
                arrivals.add(batch.size());
              }
            }
          });
      sender.setReceiver(
          new Receiver() {
            @Override
            public void receive(Message in) {
              try {
                back.put(true);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
          });
      receiver.connect("posthorn-bench-" + first);
      sender.connect("posthorn-bench-" + first);
    } catch (Exception e) {
      throw new IOException("JGroups: " + e, e);
    }
    if (sender.getView().size() != 2) {
      throw new IOException("JGroups: the two did not find each other");
    }
  }

  private static Message answer(Message in) {
    return new BytesMessage(in.getSrc(), in.getArray(), in.getOffset(), in.getLength());
  }

  private static JChannel channel(int own, int other, int bundleBytes) throws Exception {
    UDP transport = new UDP();
    transport.setBindAddress(InetAddress.getLoopbackAddress());
    transport.setBindPort(own);
    transport.setPortRange(0);
    transport.setMulticasting(false);
    TransferQueueBundler bundler = new TransferQueueBundler();
    bundler.setMaxSize(bundleBytes);
    transport.setBundler(bundler);
    InetAddress host = InetAddress.getLoopbackAddress();
    TCPPING discovery = new TCPPING();
    discovery.setInitialHosts(
        List.of(new InetSocketAddress(host, own), new InetSocketAddress(host, other)));
    discovery.setPortRange(0);
    JChannel channel =
        new JChannel(
            transport,
            discovery,
            new NAKACK2().useMcastXmit(false),
            new UNICAST3(),
            new STABLE(),
            new GMS().printLocalAddress(false).setJoinTimeout(1_000),
            new UFC().setMaxCredits(4_000_000),
            new FRAG2().setFragSize(Math.min(60_000, bundleBytes - 500)));
    transport.getDiagnosticsHandler().setEnabled(false); // it would listen to a multicast group
    return channel;
  }

  private static int freePort() throws IOException {
    try (DatagramSocket any = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() throws IOException {
    try {
      sender.send(new BytesMessage(receiver.getAddress(), message));
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public void roundTrip() throws IOException {
    send();
    try {
      back.take();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    sender.close();
    receiver.close();
  }
}
