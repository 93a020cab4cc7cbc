package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** A message of many small parts never takes more of its stream than its receiver allows. */
class SmallPartsProperties {
  private static final int FULL_BYTES = 64 << 10;

  @Property(tries = 20)
  void theStreamHoldsAnEighthMoreThanTheMessageAndALittle(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    RingPool rings = new ReceiveMemory(4096).rings();
    SendBuffer stream = new SendBuffer(rings);
    SendLedger ledger = new SendLedger(1 << 30);
    ChannelMessages messages = new ChannelMessages(0, stream, ledger, new Confirmations(), rings);
    int most = 1 << random.nextInt(12);
    long written = 0;
    int kept = 0;
    int refused = 0;
    for (int i = 0; i < 200_000 && written < 4 << 20; i++) {
      int length = Math.min(1 + random.nextInt(most), FULL_BYTES - kept);
      kept += length;
      written += length;
      if (messages.wantsLargerPart(kept)) {
        refused++;
        assertTrue(kept < FULL_BYTES, "a full part is never too small");
        continue;
      }
      messages.add(new byte[kept], true, Long.MAX_VALUE, false, null);
      kept = 0;
      messages.fillTo(Long.MAX_VALUE);
      stream.acknowledge(stream.base(), (int) (stream.end() - stream.base()));
      messages.settleArrived();
    }
    messages.add(new byte[kept], false, Long.MAX_VALUE, false, null);
    messages.fillTo(Long.MAX_VALUE);
    assertTrue(stream.end() <= written + written / 8 + FULL_BYTES, stream.end() + " bytes");
    assertFalse(most > 64 && refused > 0, "those parts are large enough");
    assertTrue(most > 4 || refused > 0, "and those are not");
    assertFalse(messages.wantsLargerPart(1), "the next message begins anew");
  }
}
