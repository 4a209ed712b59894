function t = check_targets(op, argument, t, outputs, samples, type)
  % Targets: a finite real matrix of OUTPUTS rows and SAMPLES columns, in the float class TYPE if
  % that is given.
  t = check_matrix(op, argument, t);
  if rows(t) ~= outputs || columns(t) ~= samples
    batch_error(op, argument, t, outputs, samples);
  end
  if nargin > 5
    t = check_cast(op, argument, t, type);
  end
end
