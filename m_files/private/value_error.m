function value_error(op, argument, requirement, got)
  % Raises "OP: ARGUMENT must REQUIREMENT, got GOT"; the same text as checks.py.
  message = sprintf('%s: %s must %s', op, argument, requirement);
  if nargin > 3
    message = sprintf('%s, got %s', message, got);
  end
  error('octave_compress:value', '%s', message);
end
