package io.posthorn.cli.files;

/** Tells nobody what became of files. */
final class SilentJournal implements FileReceiver.Journal {
  @Override
  public void stored(String name, long bytes) {}

  @Override
  public void refused(String name, String reason) {}
}
