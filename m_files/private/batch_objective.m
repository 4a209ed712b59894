function objective = batch_objective(loss, activation, t, weight)
  % The loss of the samples numbered BATCH, for fit.
  whole = objective_for(loss, activation);
  if isempty(weight)
    objective = @(z, a, batch) whole(z, a, t(:, batch), []);
  else
    objective = @(z, a, batch) whole(z, a, t(:, batch), weight(batch));
  end
end
