package io.posthorn.cli.sockets;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The folder of the control sockets: {@code $XDG_RUNTIME_DIR/posthorn}, or where there is none
 * {@code posthorn-USER} in the folder for temporary files. It is this user's alone, or it is not
 * used: in a folder that others may write, anybody could have laid it ready.
 */
public final class ControlFolder {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private ControlFolder() {}

  /** Where it is, or would be. */
  public static Path path(Map<String, String> environment) {
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    if (!runtime.isEmpty() && Path.of(runtime).isAbsolute()) {
      return Path.of(runtime, "posthorn");
    }
    String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
    return Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "posthorn-" + user);
  }

  /**
   * Makes the folder if it is not there, and checks whose it is.
   *
   * @throws IOException if it cannot be made, or is not this user's alone
   */
  public static Path open(Path folder) throws IOException {
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (FileAlreadyExistsException there) {
      check(folder);
    } catch (UnsupportedOperationException notPosix) {
      throw new IOException("control sockets need a system with POSIX permissions", notPosix);
    }
    return folder;
  }

  /**
   * Checks that a folder is this user's alone.
   *
   * @throws IOException if it is not
   */
  public static void check(Path folder) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isDirectory()) {
      throw new IOException(folder + " is no folder: remove it");
    }
    if (!attributes.permissions().equals(OWNER_ONLY)) {
      throw new IOException(
          folder
              + " has mode "
              + PosixFilePermissions.toString(attributes.permissions())
              + ", so that others may enter: chmod 700 "
              + folder);
    }
    UserPrincipal me = me(folder);
    if (!attributes.owner().equals(me)) {
      throw new IOException(
          folder + " belongs to " + attributes.owner() + ", not to " + me + ": it is not used");
    }
  }

  private static UserPrincipal me(Path folder) throws IOException {
    Path self = Path.of("/proc/self");
    if (Files.exists(self)) {
      return Files.getOwner(self);
    }
    return folder
        .getFileSystem()
        .getUserPrincipalLookupService()
        .lookupPrincipalByName(System.getProperty("user.name", ""));
  }
}
