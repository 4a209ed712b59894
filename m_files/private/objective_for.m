function objective = objective_for(loss, activation)
  % The training loss of a network whose last layer has ACTIVATION: a function of the last
  % pre-activations, the outputs, the targets and the sample weights (a row, or empty).
  if strcmp(loss, 'crossentropy')
    objective = @(z, a, t, weight) crossentropy_kernel(z, t, weight);
  else
    objective = @(z, a, t, weight) mse_objective(z, a, t, weight, activation);
  end
end

function [value, dz] = mse_objective(z, a, t, weight, activation)
  [value, da] = mse_kernel(a, t, weight);
  dz = activation_backward(da, z, a, activation);
end
