/** A program of somebody else, as a module. */
module consumer.program {
  requires io.posthorn;
}
