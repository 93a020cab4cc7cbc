package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.ImmutableSerializer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Serializers that a user brings along. */
class OwnSerializerTest {
  record Stranger(int x) {}

  static final class Secret {
    private final String text;

    Secret(String text) {
      this.text = text;
    }
  }

  static final class SecretSerializer extends ImmutableSerializer<Secret> {
    @Override
    public void write(Kryo kryo, Output output, Secret secret) {
      output.writeInts(secret.text.chars().toArray(), 0, secret.text.length());
      kryo.writeClassAndObject(output, secret.text.length());
    }

    @Override
    public Secret read(Kryo kryo, Input input, Class<? extends Secret> type) {
      int[] chars = input.readInts((input.limit() - input.position()) / 4);
      Integer length = (Integer) kryo.readClassAndObject(input);
      return new Secret(new String(chars, 0, length));
    }
  }

  @Test
  void aSerializerOfTheUserIsUsed() throws CodecException {
    KryoCodec<Secret> secrets =
        KryoCodec.builder(Secret.class).register(9, Secret.class, new SecretSerializer()).build();
    Secret read = secrets.decode(ByteBuffer.wrap(secrets.encode(new Secret("hush"))));
    assertEquals("hush", read.text);
  }

  static final class AddressSerializer extends ImmutableSerializer<InetSocketAddress> {
    @Override
    public void write(Kryo kryo, Output output, InetSocketAddress address) {
      output.writeString(address.getHostString());
      output.writeInt(address.getPort());
    }

    @Override
    public InetSocketAddress read(Kryo kryo, Input input, Class<? extends InetSocketAddress> type) {
      return new InetSocketAddress(input.readString(), input.readInt());
    }
  }

  /** Sockets tell of peers by a class of theirs, which nobody else can name. */
  @Test
  void anAddressIsSentAsWhatItIs() throws CodecException {
    KryoCodec<InetSocketAddress> addresses =
        KryoCodec.builder(InetSocketAddress.class)
            .register(9, InetSocketAddress.class, new AddressSerializer())
            .build();
    InetSocketAddress peer =
        new InetSocketAddress("192.0.2.1", 9) {
          private static final long serialVersionUID = 1;
        };
    assertEquals(peer, addresses.decode(ByteBuffer.wrap(addresses.encode(peer))));
  }

  /** Misbehaves in a way that its first byte says. */
  static final class RogueSerializer extends Serializer<Stranger> {
    @Override
    public void write(Kryo kryo, Output output, Stranger value) {
      output.writeByte(value.x());
      if (value.x() == 100) {
        write(kryo, output, value);
      }
      if (value.x() == 101) {
        throw new IllegalStateException("rogue");
      }
    }

    @Override
    @SuppressWarnings({"NullAway", "InfiniteRecursion"}) // rogue
    public Stranger read(Kryo kryo, Input input, Class<? extends Stranger> type) {
      switch (input.readByte()) {
        case 1 -> {
          return read(kryo, new Input(new byte[] {1}), type);
        }
        case 2 -> {
          return null;
        }
        case 3 -> throw new IllegalStateException("rogue");
        case 4 -> input.readInts(1 << 30);
        case 5 -> input.skip(-1);
        case 6 -> throw new AssertionError("a bug of the application");
        default -> kryo.readClassAndObject(new Input(new byte[] {82, 1, 0}));
      }
      return new Stranger(0);
    }
  }

  @Test
  void whatAUsersSerializerThrowsIsTyped() throws CodecException {
    KryoCodec<Stranger> rogue =
        KryoCodec.builder(Stranger.class)
            .register(9, Stranger.class, new RogueSerializer())
            .build();
    Class<?>[] expected = {
      CodecException.TooDeep.class,
      CodecException.Malformed.class,
      CodecException.Malformed.class,
      CodecException.TooLarge.class,
      CodecException.TooLarge.class,
      CodecException.Malformed.class,
      CodecException.Malformed.class
    };
    for (int i = 0; i < expected.length; i++) {
      ByteBuffer body = ByteBuffer.wrap(rogue.encode(new Stranger(i + 1)));
      Throwable thrown = assertThrows(Throwable.class, () -> rogue.decode(body));
      assertSame(expected[i], thrown.getClass(), "case " + (i + 1));
    }
    assertThrows(CodecException.class, () -> rogue.encode(new Stranger(100)));
    assertThrows(CodecException.NotEncodable.class, () -> rogue.encode(new Stranger(101)));
  }
}
