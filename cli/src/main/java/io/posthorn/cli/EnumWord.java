package io.posthorn.cli;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The constants of an enumeration as words of the command line: as its {@code toString} has them,
 * which is what completion offers, or in capitals.
 *
 * @param all the constants
 */
record EnumWord<E extends Enum<E>>(List<E> all) implements ITypeConverter<E> {
  @Override
  public E convert(String word) {
    for (E one : all) {
      if (one.toString().equalsIgnoreCase(word)) {
        return one;
      }
    }
    throw new TypeConversionException(
        "\""
            + TextSafety.visible(word)
            + "\" is not one of "
            + all.stream().map(E::toString).collect(Collectors.joining(", ")));
  }
}
