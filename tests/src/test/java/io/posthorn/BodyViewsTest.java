package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The views through which a handler sees bodies, used again for the next ones. */
class BodyViewsTest {
  private static final InetSocketAddress FROM = new InetSocketAddress(9000);

  @Test
  void whatAHandlerDoesToItsBufferIsForgottenWithTheNextBody() {
    List<Short> read = new ArrayList<>();
    BodyViews views =
        new BodyViews(
            (from, channel, body) -> {
              read.add(body.getShort());
              body.order(ByteOrder.LITTLE_ENDIAN).position(body.limit());
            });
    byte[] latest = ByteBuffer.allocate(8).putLong(0x0001_0002_0003_0004L).array();
    byte[] other = {0, 5};
    views.accept(FROM, 0, latest, 0, 4);
    views.accept(FROM, 0, latest, 2, 4);
    views.accept(FROM, 0, other, 0, 2);
    views.accept(FROM, 0, latest, 4, 2);
    assertEquals(List.of((short) 1, (short) 2, (short) 5, (short) 3), read);
  }
}
