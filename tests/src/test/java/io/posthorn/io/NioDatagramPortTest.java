package io.posthorn.io;

import java.net.InetSocketAddress;

class NioDatagramPortTest extends DatagramPortContractTest {
  @Override
  DatagramPort open(InetSocketAddress bind) throws Exception {
    return NioDatagramPort.open(bind);
  }
}
