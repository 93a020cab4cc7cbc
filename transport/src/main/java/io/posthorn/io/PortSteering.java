package io.posthorn.io;

import io.posthorn.endpoint.SocketChoice;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The program by which the kernel chooses among the sockets of one port what {@link SocketChoice}
 * chooses: classic BPF, which needs no privilege (linux/filter.h; {@code SO_ATTACH_REUSEPORT_CBPF}
 * since 4.5). It sees the payload of UDP from offset 0 (a socket's own filter sees the header of
 * UDP first), and the IP header from {@link #NETWORK}.
 */
final class PortSteering {
  private static final int LOAD_BYTE = 0x30;
  private static final int LOAD_HALF = 0x28;
  private static final int LOAD_WORD = 0x20;
  private static final int LOAD_HALF_INDEXED = 0x48;
  private static final int INDEX_HEADER_LENGTH = 0xb1;
  private static final int TO_INDEX = 0x07;
  private static final int XOR_INDEX = 0xac;
  private static final int MULTIPLY = 0x24;
  private static final int SHIFT_RIGHT = 0x74;
  private static final int MODULO = 0x94;
  private static final int JUMP = 0x05;
  private static final int JUMP_EQUAL = 0x15;
  private static final int JUMP_GREATER = 0x25;
  private static final int JUMP_GREATER_OR_EQUAL = 0x35;
  private static final int RETURN_ACCUMULATOR = 0x16;
  private static final int RETURN = 0x06;

  /** SKF_NET_OFF. */
  private static final int NETWORK = -0x100000;

  private static final int IPV4 = 4;
  private static final int IPV4_SOURCE_AT = 12;
  private static final int IPV6_SOURCE_AT = 8;
  private static final int IPV6_HEADER_BYTES = 40;
  private static final int IPV6_WORDS = 4;
  private static final int INSTRUCTION_BYTES = 8;
  private static final int MOST_INSTRUCTIONS = 64;

  /** struct sock_fprog: a length of 16 bits, and a pointer. */
  static final int PROGRAM_HEADER_BYTES = 16;

  private static final int POINTER_AT = 8;

  private final ByteBuffer code =
      ByteBuffer.allocateDirect(PROGRAM_HEADER_BYTES + MOST_INSTRUCTIONS * INSTRUCTION_BYTES)
          .order(ByteOrder.nativeOrder())
          .position(PROGRAM_HEADER_BYTES);

  private PortSteering() {}

  /**
   * Writes the program behind the struct that names it.
   *
   * @param count of the sockets
   * @param byConnectionId whether packets may name connections; else all go by address
   * @return a direct buffer that begins with a {@code struct sock_fprog}
   */
  static ByteBuffer program(int count, boolean byConnectionId) {
    PortSteering program = new PortSteering();
    if (byConnectionId) {
      program.byConnectionId(count);
    }
    program.byAddress(count);
    return program.finish();
  }

  /**
   * A program that gives first messages to the second of two sockets, and all else to the first.
   *
   * @param withCookieToo whether those that carry a cookie go there as well
   * @return as {@link #program}
   */
  static ByteBuffer firstMessagesApart(boolean withCookieToo) {
    PortSteering program = new PortSteering();
    // A load beyond the end ends the program with 0.
    program.add(LOAD_BYTE, 0, 0, PacketHeader.TYPE_AT);
    program.add(JUMP_EQUAL, 0, 3, PacketHeader.FIRST_MESSAGE);
    program.add(LOAD_BYTE, 0, 0, FirstMessagePacket.COOKIE_LENGTH_AT);
    program.add(JUMP_GREATER, withCookieToo ? 0 : 1, 0, 0);
    program.add(RETURN, 0, 0, 1);
    program.add(RETURN, 0, 0, 0);
    return program.finish();
  }

  /**
   * A filter that lets in what comes from one part of the addresses.
   *
   * @param part 0 to {@code parts} - 1
   * @return as {@link #program}
   */
  static ByteBuffer onlyPart(int part, int parts) {
    PortSteering program = new PortSteering();
    program.hashAddress(parts);
    program.add(JUMP_EQUAL, 0, 1, part);
    program.add(RETURN, 0, 0, -1);
    program.add(RETURN, 0, 0, 0);
    return program.finish();
  }

  /** What is empty, M1 and control packets fall through; what no packet is does as well. */
  private void byConnectionId(int count) {
    // A load beyond the end would end the program with 0: only what has an id gets there.
    add(LOAD_BYTE, 0, 0, PacketHeader.TYPE_AT);
    add(JUMP_GREATER_OR_EQUAL, 0, 5, PacketHeader.SECOND_MESSAGE);
    add(JUMP_EQUAL, 4, 0, PacketHeader.CONTROL);
    add(JUMP_GREATER, 3, 0, PacketHeader.LAST_DATA);
    add(LOAD_WORD, 0, 0, PacketHeader.CONNECTION_ID_AT + Integer.BYTES);
    add(MODULO, 0, 0, count);
    add(RETURN_ACCUMULATOR, 0, 0, 0);
  }

  private void byAddress(int count) {
    hashAddress(count);
    add(RETURN_ACCUMULATOR, 0, 0, 0);
  }

  private void hashAddress(int count) {
    add(LOAD_BYTE, 0, 0, NETWORK);
    add(SHIFT_RIGHT, 0, 0, 4);
    add(JUMP_EQUAL, 0, 6, IPV4);
    add(INDEX_HEADER_LENGTH, 0, 0, NETWORK);
    add(LOAD_HALF_INDEXED, 0, 0, NETWORK);
    add(TO_INDEX, 0, 0, 0);
    add(LOAD_WORD, 0, 0, NETWORK + IPV4_SOURCE_AT);
    add(XOR_INDEX, 0, 0, 0);
    add(JUMP, 0, 0, 1 + 3 * IPV6_WORDS);
    add(LOAD_HALF, 0, 0, NETWORK + IPV6_HEADER_BYTES);
    for (int word = 0; word < IPV6_WORDS; word++) {
      add(TO_INDEX, 0, 0, 0);
      add(LOAD_WORD, 0, 0, NETWORK + IPV6_SOURCE_AT + word * Integer.BYTES);
      add(XOR_INDEX, 0, 0, 0);
    }
    add(MULTIPLY, 0, 0, SocketChoice.MULTIPLIER);
    add(SHIFT_RIGHT, 0, 0, SocketChoice.SHIFT);
    add(MODULO, 0, 0, count);
  }

  private void add(int operation, int ifTrue, int ifFalse, int operand) {
    code.putShort((short) operation).put((byte) ifTrue).put((byte) ifFalse).putInt(operand);
  }

  private ByteBuffer finish() {
    int instructions = (code.position() - PROGRAM_HEADER_BYTES) / INSTRUCTION_BYTES;
    code.putShort(0, (short) instructions);
    code.putLong(POINTER_AT, LinuxCalls.addressOf(code) + PROGRAM_HEADER_BYTES);
    return code;
  }
}
