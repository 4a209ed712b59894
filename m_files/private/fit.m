function layers = fit(op, layers, x, objective, options)
  % Trains LAYERS on the columns of X by mini-batches drawn with randperm, one permutation an
  % epoch.  OBJECTIVE (z, a, batch) gives the loss of the samples numbered BATCH and its
  % derivative with respect to z.  A layer's mask is held: what it forbids has no gradient.
  samples = columns(x);
  first = cellfun(@(layer) zeros(size(layer.weights), class(x)), layers, 'UniformOutput', false);
  first_bias = cellfun(@(layer) zeros(size(layer.bias), class(x)), layers, 'UniformOutput', false);
  second = first;
  second_bias = first_bias;
  is_adam = strcmp(options.solver, 'adam');
  rate = options.learning_rate;
  step = 0;
  for epoch = 1:options.epochs
    order = randperm(samples);
    total = 0;
    for start = 1:options.batch_size:samples
      batch = order(start:min(start + options.batch_size - 1, samples));
      [value, dw, db] = backprop(layers, x(:, batch), @(z, a) objective(z, a, batch));
      total = total + double(value) * numel(batch);
      step = step + 1;
      for k = 1:numel(layers)
        w = layers{k}.weights;
        gradient = dw{k};
        if isfield(layers{k}, 'mask')
          gradient = gradient .* layers{k}.mask;
        end
        if is_adam
          [layers{k}.weights, first{k}, second{k}] = ...
            adam_kernel(w, gradient, first{k}, second{k}, step, rate, 0.9, 0.999, 1e-8);
          [layers{k}.bias, first_bias{k}, second_bias{k}] = ...
            adam_kernel(layers{k}.bias, db{k}, first_bias{k}, second_bias{k}, step, rate, ...
                        0.9, 0.999, 1e-8);
        else
          [layers{k}.weights, first{k}] = sgd_kernel(w, gradient, first{k}, rate, 0.9);
          [layers{k}.bias, first_bias{k}] = ...
            sgd_kernel(layers{k}.bias, db{k}, first_bias{k}, rate, 0.9);
        end
        if options.weight_decay > 0
          layers{k}.weights = layers{k}.weights - (rate * options.weight_decay) * w;
        end
      end
    end
    finite = isfinite(total) && all(cellfun(@is_finite_layer, layers));
    if report_epoch(op, epoch, total / samples, finite, options)
      break
    end
  end
end

function finite = is_finite_layer(layer)
  finite = all(isfinite(layer.weights(:))) && all(isfinite(layer.bias));
end

function stop = report_epoch(op, epoch, loss, finite, options)
  if options.progress
    % As wide as the longest loss, so that nothing of the line before is left.
    printf('\r%s: epoch %d of %d, loss %-10.4g', op, epoch, options.epochs, loss);
  end
  try
    if ~finite
      value_error(op, 'LEARNING_RATE', ...
                  sprintf('be smaller: training diverges in epoch %d', epoch), ...
                  number_text(options.learning_rate));
    end
    stop = epoch == options.epochs;
    if ~isempty(options.callback)
      info = struct('epoch', epoch, 'epochs', options.epochs, 'loss', loss);
      wish = options.callback(info);
      stop = stop || (~isempty(wish) && wish(1) ~= 0);
    end
  catch problem
    end_line(options.progress);
    rethrow(problem);
  end
  if stop
    end_line(options.progress);
  elseif options.progress
    fflush(stdout);
  end
end

function end_line(progress)
  if progress
    printf('\n');
    fflush(stdout);
  end
end
