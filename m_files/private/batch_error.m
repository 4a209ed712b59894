function batch_error(op, argument, value, outputs, samples)
  % Raises what is wrong with the size of what should be (outputs x samples).  The text counts,
  % since Python's are turned.  For what Python refuses before, it says what to write in Octave.
  got = sprintf('%d and %d', size(value));
  is_row = rows(value) == 1 || samples ~= outputs;
  if outputs > 1 && isvector(value) && numel(value) == samples && is_row && ...
      any(strcmp(argument, {'Y', 'Y_VAL', 'TARGETS'}))
    got = sprintf('%s: for class numbers from 1 write (1:%d).'' == %s(:).''', got, outputs, ...
                  lower(argument));
  end
  value_error(op, argument, sprintf('have %d outputs and %d samples', outputs, samples), got);
end
