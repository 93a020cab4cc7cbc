package io.posthorn.simulation;

/**
 * How datagrams are lost: each for itself, or in bursts by the Gilbert–Elliott model.
 *
 * <p>The model has a good and a bad state. A datagram is first judged by the state it finds, then
 * the state may change for the next one, as {@code loss gemodel} of tc-netem(8) does it (Salsano et
 * al., "Definition of a general and intuitive loss model for packet networks", 2012). Loss without
 * bursts is the good state alone.
 *
 * @param enterBadPpb chance, after each datagram, to go from good to bad; parts per billion
 * @param leaveBadPpb chance, after each datagram, to go from bad to good; parts per billion
 * @param badLossPpb loss in the bad state, netem's {@code 1-h}; parts per billion
 * @param goodLossPpb loss in the good state, netem's {@code 1-k}; parts per billion
 * @param bursts false for independent loss of {@code goodLossPpb}
 */
record LossModel(
    int enterBadPpb, int leaveBadPpb, int badLossPpb, int goodLossPpb, boolean bursts) {
  static final LossModel NONE = random(0);

  static LossModel random(int lossPpb) {
    return new LossModel(0, 0, 0, lossPpb, false);
  }

  static LossModel gilbertElliott(int enterBad, int leaveBad, int badLoss, int goodLoss) {
    return new LossModel(enterBad, leaveBad, badLoss, goodLoss, true);
  }

  /** Share of all datagrams lost in the long run, from 0 to 1. */
  double meanLoss() {
    double scale = LinkUnits.CERTAIN_PPB;
    long leavings = (long) enterBadPpb + leaveBadPpb;
    if (!bursts || leavings == 0) {
      return goodLossPpb / scale;
    }
    double timeInBad = (double) enterBadPpb / leavings;
    return (timeInBad * badLossPpb + (1 - timeInBad) * goodLossPpb) / scale;
  }

  @Override
  public String toString() {
    if (!bursts) {
      return "loss " + LinkUnits.percent(goodLossPpb);
    }
    String text =
        "loss gemodel " + LinkUnits.percent(enterBadPpb) + " " + LinkUnits.percent(leaveBadPpb);
    if (goodLossPpb != 0) {
      return text + " " + LinkUnits.percent(badLossPpb) + " " + LinkUnits.percent(goodLossPpb);
    }
    return badLossPpb == LinkUnits.CERTAIN_PPB ? text : text + " " + LinkUnits.percent(badLossPpb);
  }
}
