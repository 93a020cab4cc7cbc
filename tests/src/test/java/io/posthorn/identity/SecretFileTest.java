package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

/** The file of a secret. */
class SecretFileTest extends IdentityFolder {
  @Test
  void aSecretIsTheFirstLineOfAFileForItsOwnerAlone() throws IOException {
    Path secret = folder.resolve("secret");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
    write(secret, "correct horse battery\nsecond line\n");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    assertEquals("correct horse battery", new String(SecretFile.read(secret)));
    Files.writeString(secret, "\n");
    assertThrows(IdentityFileException.class, () -> SecretFile.read(secret));
  }
}
