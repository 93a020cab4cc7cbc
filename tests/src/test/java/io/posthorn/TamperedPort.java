package io.posthorn;

import io.posthorn.io.DatagramPort;
import io.posthorn.io.ScriptedPorts;
import io.posthorn.io.ScriptedPorts.Script;
import io.posthorn.io.ScriptedPorts.Way;
import io.posthorn.protocol.PortLimits;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Reliable sockets over a real port some of whose calls a test makes itself. */
final class TamperedPort {
  /** Makes a call in the port's place. */
  interface Tamper {
    /**
     * A call of the port.
     *
     * @return what it answers, null to let the port make it
     */
    @Nullable Object call(String method, Object[] arguments) throws IOException;
  }

  private TamperedPort() {}

  static MessageSocket open(InetSocketAddress bind, SocketOptions options, Tamper tamper)
      throws IOException {
    DatagramPort port =
        ScriptedPorts.open(Way.PORTABLE, bind, new Script() {}, new AtomicInteger());
    DatagramPort tampered =
        (DatagramPort)
            Proxy.newProxyInstance(
                DatagramPort.class.getClassLoader(),
                new Class<?>[] {DatagramPort.class},
                (proxy, method, arguments) -> {
                  Object answer = tamper.call(method.getName(), arguments);
                  if (answer != null) {
                    return answer;
                  }
                  try {
                    return method.invoke(port, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    PortLimits limits = PortLimits.UNKNOWN.at(port.localAddress());
    return Loopback.over(tampered, options, limits);
  }
}
