package io.posthorn.cli;

import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/**
 * A file to write. Where a file is read, - is standard input; as one that is made, it would be a
 * file of that name, which nobody means.
 */
final class OutputPath implements ITypeConverter<Path> {
  @Override
  public Path convert(String value) throws Failure {
    if (value.equals("-")) {
      throw new Failure(
          ExitCode.USAGE,
          "- where a file is to be written",
          "name a file (/dev/stdout is standard output)");
    }
    return Path.of(value);
  }
}
