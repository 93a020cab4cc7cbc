package io.posthorn.cli.files;

/**
 * What became of all.
 *
 * @param stored files and folders that are in their place
 * @param there of these, those that were there already
 * @param failed those that are not
 * @param bytes of content at the receiver
 * @param sentBytes of content that were sent to it; less than those where it had some, or where
 *     there is a hole
 */
public record CopyTotals(long stored, long there, long failed, long bytes, long sentBytes) {}
