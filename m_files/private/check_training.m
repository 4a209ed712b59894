function options = check_training(op, options, count)
  % The options that every training function shares, checked, with defaults filled in, for a
  % network of COUNT layers.
  check_choice(op, 'SOLVER', options.solver, {'adam', 'sgd'});
  options.epochs = check_integer(op, 'EPOCHS', options.epochs, '[0, Inf)');
  options.batch_size = check_integer(op, 'BATCH_SIZE', options.batch_size, '[1, Inf)');
  if isempty(options.learning_rate)
    options.learning_rate = 0.001;
    if strcmp(options.solver, 'sgd')
      options.learning_rate = 0.01;
    end
  end
  options.learning_rate = check_number(op, 'LEARNING_RATE', options.learning_rate, '(0, Inf)');
  check_choice(op, 'ANNEALING', options.annealing, {'none', 'cosine'});
  alone = numel(options.dropout) == 1;
  options.dropout = check_per_layer(op, 'DROPOUT', options.dropout, count, ...
                                    @(share) check_number(op, 'DROPOUT', share, '[0, 1)'));
  if alone
    options.dropout(1) = 0;  % a single number is for all layers but the first
  end
  % What only an operation of several stages changes.
  options.view_epochs = 1;
  options.epochs_before = 0;
  options.epochs_in_all = options.epochs;
  options.weight_decay = check_number(op, 'WEIGHT_DECAY', options.weight_decay, '[0, Inf)');
  options.seed = check_integer(op, 'SEED', options.seed, '[0, 4294967295]');
  options.progress = check_flag(op, 'PROGRESS', options.progress);
  if ~isempty(options.callback) && ~is_function_handle(options.callback)
    type_error(op, 'CALLBACK', 'be a function');
  end
end
