package io.posthorn.io;

import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import org.jspecify.annotations.Nullable;

class NioDatagramPortTest extends DatagramPortContractTest {
  @Override
  DatagramPort open(InetSocketAddress bind, @Nullable ProtocolFamily family) throws Exception {
    return NioDatagramPort.open(bind, family, "as asked for");
  }

  @Override
  ScriptedPorts.Way way() {
    return ScriptedPorts.Way.PORTABLE;
  }
}
