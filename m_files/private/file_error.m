function file_error(op, why)
  % Raises the error of a file that is no packed model, or a damaged one.
  error('octave_compress:file', '%s', sprintf('%s: PACKED %s', op, why));
end
