function t = check_targets(op, argument, t, outputs, samples)
  % Targets: a finite real matrix of OUTPUTS rows and SAMPLES columns.
  t = check_matrix(op, argument, t);
  if rows(t) ~= outputs || columns(t) ~= samples
    value_error(op, argument, sprintf('have %d outputs and %d samples', outputs, samples), ...
                sprintf('%d and %d', rows(t), columns(t)));
  end
end
