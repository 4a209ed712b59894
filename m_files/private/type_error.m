function type_error(op, argument, requirement)
  % Raises "OP: ARGUMENT must REQUIREMENT" for a value of the wrong type.
  error('octave_compress:type', '%s', sprintf('%s: %s must %s', op, argument, requirement));
end
