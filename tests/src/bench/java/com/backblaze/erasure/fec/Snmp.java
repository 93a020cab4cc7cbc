package com.backblaze.erasure.fec;

import java.util.concurrent.atomic.LongAdder;

/**
 * What kcp-base counts in: a class that its artifact names and none brings. Names and fields are
 * those that {@code kcp.Kcp} asks for.
 */
public final class Snmp {
  public static final Snmp snmp = new Snmp();

  public final LongAdder OutSegs = new LongAdder();
  public final LongAdder InSegs = new LongAdder();
  public final LongAdder RepeatSegs = new LongAdder();
  public final LongAdder LostSegs = new LongAdder();
  public final LongAdder FastRetransSegs = new LongAdder();
  public final LongAdder EarlyRetransSegs = new LongAdder();
  public final LongAdder RetransSegs = new LongAdder();

  private Snmp() {}
}
