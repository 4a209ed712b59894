function objective = soft_objective(op, large, last, x, y, weight, options)
  % The distillation loss of the samples X, for fit; the teacher answers once, for all of them.
  % OPTIONS has loss, temperature and alpha.
  type = class(y);
  for k = 1:numel(large)
    % In the student's class, whatever the teacher's.
    name = sprintf('layer %d of TEACHER', k);
    large{k}.weights = check_cast(op, name, large{k}.weights, type);
    large{k}.bias = check_cast(op, name, large{k}.bias, type);
  end
  [a, z] = forward(large, cast(x, type));
  if strcmp(options.loss, 'kl')
    check_kl(op, large{end}.activation);
    check_kl(op, last);
    taught = z;
    kernel = @(z, a, taught, y, weight) ...
      distillation_kernel(z, taught, y, weight, options.temperature, options.alpha);
  else
    taught = a;
    hard = objective_for('mse', last);
    if strcmp(last, 'softmax')
      hard = objective_for('crossentropy', last);
    end
    if strcmp(large{end}.activation, 'softmax')
      taught = z;
    end
    kernel = @(z, a, taught, y, weight) ...
      blended_loss(z, a, taught, y, weight, hard, last, options.alpha);
  end
  if isempty(weight)
    objective = @(z, a, batch) kernel(z, a, taught(:, batch), y(:, batch), []);
  else
    objective = @(z, a, batch) kernel(z, a, taught(:, batch), y(:, batch), weight(batch));
  end
end

function check_kl(op, activation)
  if ~any(strcmp(activation, {'softmax', 'linear'}))
    value_error(op, 'LOSS', sprintf('be "mse" for a last layer with %s', activation), '"kl"');
  end
end

function [value, dz] = blended_loss(z, a, taught, y, weight, hard, last, alpha)
  % ALPHA times the squared distance from the teacher plus the rest of the loss on the targets.
  if strcmp(last, 'softmax')
    [soft, soft_dz] = mse_kernel(z, taught, weight);
  else
    [soft, da] = mse_kernel(a, taught, weight);
    soft_dz = activation_backward(da, z, a, last);
  end
  [value, dz] = hard(z, a, y, weight);
  value = alpha * soft + (1 - alpha) * value;
  dz = alpha * soft_dz + (1 - alpha) * dz;
end
