package io.posthorn.io;

/** A port whose description says more than it knows itself. */
public final class RemarkedPort extends ForwardingDatagramPort {
  private final String remark;

  /** Owns the port from now on. */
  public RemarkedPort(DatagramPort port, String remark) {
    super(port);
    this.remark = remark;
  }

  @Override
  public String description() {
    return port.description() + remark;
  }
}
